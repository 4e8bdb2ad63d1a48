// `npm start`: the main job for real, in less than twelve seconds. A broker, subscribers and publishers, each a process
// of its own; every command line is shown as one would type it, with what it printed. Ends with 1 where that is not
// what it should be.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const entry = resolve(import.meta.dirname, '../../bin/mqttx.js')
const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const show = (text) => process.stdout.write(text)
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

function start(file, args, stdin = 'ignore') {
  const child = spawn(file, args, { stdio: [stdin, 'pipe', 'pipe'] })
  children.add(child)
  const running = { child, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    running.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    running.stderr += chunk
  })
  running.ended = new Promise((done) => {
    child.once('error', (error) => done(error.message))
    child.once('close', (status, signal) => {
      children.delete(child)
      done(status ?? signal)
    })
  })
  return running
}

const mqttx = (args, stdin) => start(process.execPath, [entry, ...args], stdin)

class Unexpected extends Error {}

/** Waits until a process has ended, and fails where it did not do so with status 0 and with `expected` printed. */
async function finish(what, running, expected) {
  const late = new Promise((done) => setTimeout(done, 8000, 'none: still running').unref())
  const status = await Promise.race([running.ended, late])
  if (status === 0 && running.stdout === expected) return
  const said = `status ${status}, printed ${JSON.stringify(running.stdout)}, said ${JSON.stringify(running.stderr)}`
  throw new Unexpected(`${what}: expected ${JSON.stringify(expected)}, but ${said}`)
}

async function until(what, running, ready) {
  for (let tries = 0; !ready(running); tries++) {
    if (tries === 400) throw new Unexpected(`${what}: not within 8 s, said ${JSON.stringify(running.stderr)}`)
    await sleep(20)
  }
}

/** Starts a subscriber; with -d it says when the broker has taken the subscription. */
async function subscribe(port, args) {
  show(`$ mqttx sub -p ${port} ${args.map(quote).join(' ')} &\n`)
  const running = mqttx(['sub', '-h', '127.0.0.1', '-p', port, '-d', ...args])
  await until('mqttx sub', running, ({ stderr }) => /SUBACK/.test(stderr))
  return running
}

async function publish(port, args) {
  show(`$ mqttx pub -p ${port} ${args.map(quote).join(' ')}\n`)
  await finish('mqttx pub', mqttx(['pub', '-h', '127.0.0.1', '-p', port, ...args]), '')
}

const quote = (word) => (/[#+$ ]/.test(word) ? `'${word}'` : word)

/** Lines on standard output, once a second, until it is stopped: a shell's loop where there is a shell. */
function tickLoop() {
  if (process.platform !== 'win32') return start('sh', ['-c', 'while true; do echo tick; sleep 1; done'])
  return start(process.execPath, ['-e', 'console.log("tick"); setInterval(console.log, 1000, "tick")'])
}

async function ticks(port) {
  show('\nEvery line of a pipeline is a message:\n\n')
  const sub = await subscribe(port, ['-v', '-t', 'tick', '-C', '3'])
  show(`$ while true; do echo tick; sleep 1; done | mqttx pub -p ${port} -l -t tick\n`)
  const loop = tickLoop()
  const pub = mqttx(['pub', '-h', '127.0.0.1', '-p', port, '-l', '-t', 'tick'], 'pipe')
  loop.child.stdout.pipe(pub.child.stdin)
  sub.child.stdout.on('data', show) // as it arrives, once a second
  await finish('mqttx sub -v -t tick', sub, 'tick tick\n'.repeat(3))
  loop.child.kill()
  await loop.ended
  await finish('mqttx pub -l', pub, '')
}

async function retained(port) {
  show('\nA retained message waits for those who come later; wildcards choose by topic:\n\n')
  await publish(port, ['-t', 'home/door', '-m', 'open', '-r', '-q', '1'])
  const rooms = await subscribe(port, ['-v', '-t', 'home/+/temperature', '-C', '2'])
  const all = await subscribe(port, ['-v', '-t', 'home/#', '-C', '4'])
  await publish(port, ['-t', 'home/kitchen/temperature', '-m', '21.5'])
  await publish(port, ['-t', 'home/kitchen/light', '-m', 'on'])
  await publish(port, ['-t', 'home/garden/temperature', '-m', '-3'])
  const temperatures = 'home/kitchen/temperature 21.5\nhome/garden/temperature -3\n'
  await finish("mqttx sub -t 'home/+/temperature'", rooms, temperatures)
  show(`\nhome/+/temperature got:\n${rooms.stdout}`)
  const everything =
    'home/door open\nhome/kitchen/temperature 21.5\nhome/kitchen/light on\nhome/garden/temperature -3\n'
  await finish("mqttx sub -t 'home/#'", all, everything)
  show(`\nhome/# got:\n${all.stdout}`)
}

async function request(port) {
  show('\nA request of MQTT 5 and its response, with a shell command as the responder:\n\n')
  const command = process.platform === 'win32' ? ['--echo'] : ['--exec', 'tr a-z A-Z']
  show(`$ mqttx rr -p ${port} --serve -t shout ${command.map(quote).join(' ')} &\n`)
  const responder = mqttx(['rr', '-h', '127.0.0.1', '-p', port, '-d', '--serve', '-t', 'shout', ...command])
  await until('mqttx rr --serve', responder, ({ stderr }) => /SUBACK/.test(stderr))
  show(`$ mqttx rr -p ${port} -t shout -e answers/1 -m hello\n`)
  const rr = mqttx(['rr', '-h', '127.0.0.1', '-p', port, '-t', 'shout', '-e', 'answers/1', '-m', 'hello'])
  await finish('mqttx rr', rr, process.platform === 'win32' ? 'hello\n' : 'HELLO\n')
  show(rr.stdout)
  responder.child.kill('SIGTERM')
  await responder.ended
}

async function demonstrate() {
  show('A broker for development, on a free port of this machine only:\n\n$ mqttx broker -p 0 &\n')
  const broker = mqttx(['broker', '-p', '0'])
  await until('mqttx broker', broker, ({ stdout }) => stdout.endsWith('\n'))
  show(broker.stdout)
  const port = /^mqtt:\/\/127\.0\.0\.1:(\d+)\n$/.exec(broker.stdout)?.[1]
  if (port === undefined) throw new Unexpected(`mqttx broker printed ${JSON.stringify(broker.stdout)}`)
  await ticks(port)
  await retained(port)
  await request(port)
  broker.child.kill('SIGTERM')
  await finish('mqttx broker', broker, broker.stdout)
}

try {
  await demonstrate()
  show('\nAll of it as expected. `node bin/mqttx.js --help` tells the rest.\n')
} catch (error) {
  if (!(error instanceof Unexpected)) throw error
  process.stderr.write(`npm start: ${error.message}\n`)
  process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGKILL')
}
