// Load options of `bench`: topics, payloads, ramp and churn, servers and local addresses.
import { optionsOf } from '../option.js'
import { topicFilter, topicName } from '../topic.js'
import { decimal, integer, parseMessage, parseName } from '../values.js'
import { parseAddresses, parseDuration, parseServers, rateRule } from './bench-values.js'

const { flag, option } = optionsOf('Load')

const mostTopics = 1_000_000

const topics = option({
  flags: '--topics COUNT',
  parse: integer({ min: 1, max: mostTopics }),
  help: 'Select one of this many topics for each message: %t.',
  doc: `At random, but reproducible with the same {seed} and independent of the number of shards. The topic must contain %t; the
    default is then mqttx/bench/%t. With sub each client subscribes to one selected topic.`,
})

const zipf = option({
  flags: '--zipf EXPONENT',
  parse: decimal({ min: 0, max: 10 }),
  help: "Select topics by Zipf's law: 1 is usual, 0 is uniform.",
  doc: 'Topic 0 is the most frequent, topic k is selected 1 / (k + 1) ^ EXPONENT times as often. Needs {topics}.',
})

const message = option({
  flags: '-m, --message TEXT',
  parse: parseMessage,
  missing: 'no message specified',
  help: 'Send this text instead of random bytes.',
  doc: `Sent unchanged, unless {template} is given. With pubsub and rr it follows 40 bytes that identify the client, the message
    and its time; with pub it is the whole payload.`,
})

const file = option({
  flags: '-f, --file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Send the contents of a file instead of random bytes.',
  doc: 'Unchanged, like the text of {message}. The file is read once, before any client connects.',
})

const template = flag({
  flags: '--template',
  help: 'Replace %i, %c, %n, %t, %r and %s in the payload.',
  doc: `In {message} or {file}: %i, %c and %n as in {topic}, %t the topic number of {topics}, %r a random integer below
    1,000,000 by {seed}, %s the time in milliseconds since 1970, %% a percent sign.`,
})

const responseTopic = option({
  flags: '--response-topic TOPIC',
  parse: topicName('response'),
  shownDefault: 'mqttx/bench/response/%c',
  help: 'With rr: topic for the responses to a client; %i and %c.',
})

const ramp = option({
  flags: '--ramp TIME',
  parse: parseDuration,
  help: 'Increase the rate from 0 during this time; not measured.',
  doc: 'Comes before {warmup}. Needs {rate} or {ratePerClient}.',
})

const churn = option({
  flags: '--churn COUNT',
  parse: rateRule,
  help: 'Clients per second that disconnect and reconnect.',
  doc: `In turn, of those that {clients} counts, during the run. A client first waits for outstanding acknowledgements, and with
    rr for responses; messages that become due meanwhile are sent afterwards. With conn the latency includes these
    connections, measured from the time when they were due.`,
})

const startOn = option({
  flags: '--start-on TOPIC',
  parse: topicFilter('subscription'),
  help: 'Start when a message to this topic arrives.',
  doc: `Clients connect first; a line on stderr reports when they are ready. Retained messages are ignored. Use it to start many
    processes together: \`mqttx pub -t go -n\` starts all that wait for \`go\`.`,
})

const servers = option({
  flags: '--servers LIST',
  parse: parseServers,
  help: 'Distribute the clients over HOST[:PORT],HOST[:PORT]...',
  doc: `For a cluster: client k connects to server k modulo the number of servers. The default port is that of {port}. Replaces
    {host}, {url} and {unix}; all other connection options apply to every server.`,
})

const ifaddr = option({
  flags: '--ifaddr LIST',
  parse: parseAddresses,
  help: 'Local addresses to connect from: 127.0.0.2,127.0.0.3.',
  doc: `Used in turn. One address has about 28,000 ports for connections to a server, so more clients need more addresses. A
    range: 127.0.0.2-127.0.0.9.`,
})

export const loadOptions = {
  ...{ topics, zipf, message, file, template, responseTopic },
  ...{ ramp, churn, startOn, servers, ifaddr },
}
