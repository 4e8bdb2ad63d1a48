// The whole command as one part of the bundle: it starts once for each message of a shell loop, where a file more counts.
export { run } from './run.js'
export { sub } from './spec.js'
