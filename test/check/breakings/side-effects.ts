// What else a broken broker breaks, among the statements of the same file.

/** By the statement that it is made for: those that follow from it. */
export const sideEffects: Readonly<Record<string, readonly string[]>> = {
  'MQTT-3.3.1-8 in 5': ['MQTT-3.3.1-13 in 5'],
  'MQTT-3.3.1-12 in 5': ['MQTT-3.3.1-13 in 5'],
  'MQTT-3.3.2.3.4-a in 5': ['MQTT-3.3.2-7 in 5'],
  'MQTT-3.3.2-14 in 5': ['MQTT-3.3.2-13 in 5', 'MQTT-3.3.2.3.5-a in 5'], // invalid ones do not reach the broker
  'MQTT-3.3.2-17 in 5': ['MQTT-3.3.2-18 in 5'],
  'MQTT-3.4.2-1 in 5': ['MQTT-3.4.2-2 in 5', 'MQTT-3.4.2-3 in 5'], // an invalid packet is no answer
  'MQTT-3.5.2-1 in 5': [
    'MQTT-3.5.2-2 in 5',
    'MQTT-3.5.2-3 in 5',
    'MQTT-3.6.2-1 in 5',
    'MQTT-3.6.2-2 in 5',
    'MQTT-3.6.2-3 in 5',
    'MQTT-3.7.2-1 in 5',
    'MQTT-3.7.2-2 in 5',
    'MQTT-3.7.2-3 in 5',
  ],
  'MQTT-3.6.2-1 in 5': ['MQTT-3.6.2-2 in 5', 'MQTT-3.6.2-3 in 5'],
  'MQTT-3.7.2-1 in 5': [
    'MQTT-3.6.2-1 in 5',
    'MQTT-3.6.2-2 in 5',
    'MQTT-3.6.2-3 in 5',
    'MQTT-3.7.2-2 in 5',
    'MQTT-3.7.2-3 in 5',
  ],
  'MQTT-4.3.2-1 in 5': ['MQTT-4.3.2-3 in 5'],
  'MQTT-4.3.3-1 in 5': ['MQTT-4.3.3-5 in 5', 'MQTT-4.3.3-6 in 5'],
  'MQTT-4.3.3-4 in 5': ['MQTT-4.3.3-5 in 5'],
  'MQTT-4.3.3-12 in 5': ['MQTT-4.3.3-9 in 5'],
  'MQTT-4.4.0-1 in 4': ['MQTT-4.6.0-1 in 4'],
  'MQTT-4.6.0-4 in 4': ['MQTT-4.4.0-1 in 4'],
  'MQTT-4.9.0-1 in 5': [
    'MQTT-3.3.4-9 in 5',
    'MQTT-3.3.4-10 in 5',
    'MQTT-4.9-a in 5',
    'MQTT-4.9-b in 5',
    'MQTT-4.9.0-2 in 5',
    'MQTT-4.9.0-3 in 5',
  ],
  'MQTT-4.9.0-2 in 5': ['MQTT-4.9-b in 5', 'MQTT-4.9.0-3 in 5'],
}
