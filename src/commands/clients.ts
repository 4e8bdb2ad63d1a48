// The three commands that are clients and little else: they share the connection core, and are one file of the bundle.
export { run as runPub } from './pub/run.js'
export { pub } from './pub/spec.js'
export { run as runRr } from './rr/run.js'
export { rr } from './rr/spec.js'
export { run as runSub } from './sub/run.js'
export { sub } from './sub/spec.js'
