// In place of the package `debug` within the bundle: mqtt-packet writes its own log with it, which costs each start
// a millisecond and each packet a call.
module.exports = () => () => {}
