// What the core counts. All counts only grow.

export interface Counters {
  messagesReceived: number
  messagesSent: number
  publishReceived: number
  publishSent: number
  publishDropped: number
  publishBytesReceived: number
  publishBytesSent: number
  bytesReceived: number
  bytesSent: number
  sockets: number
  connections: number
}

export const zeroCounters = (): Counters => ({
  messagesReceived: 0,
  messagesSent: 0,
  publishReceived: 0,
  publishSent: 0,
  publishDropped: 0,
  publishBytesReceived: 0,
  publishBytesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  sockets: 0,
  connections: 0,
})
