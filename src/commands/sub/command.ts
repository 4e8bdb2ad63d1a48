// One bundle chunk for the whole command: each extra file costs start-up time.
export { run } from './run.js'
export { sub } from './spec.js'
