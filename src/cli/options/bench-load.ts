// What `bench` sends, in detail: topics to choose from, payloads, how the load grows, and from where to where it goes.
import { flag, option } from '../option.js'
import { topicFilter, topicName } from '../topic.js'
import { decimal, integer, parseMessage, parseName } from '../values.js'
import { parseAddresses, parseDuration, parseServers, rateRule } from './bench-values.js'

const mostTopics = 1_000_000

const topics = option({
  flags: '--topics COUNT',
  group: 'Load',
  parse: integer({ min: 1, max: mostTopics }),
  help: 'Choose one of so many topics for each message: %t.',
  doc: `By chance, but the same for the same {seed}, and whatever the shards. The topic has to contain %t, as the one that
    this option brings does: mqttx/bench/%t. With sub each client subscribes to the one that it has chosen.`,
})

const zipf = option({
  flags: '--zipf EXPONENT',
  group: 'Load',
  parse: decimal({ min: 0, max: 10 }),
  help: "Choose by Zipf's law: 1 is usual, 0 all the same.",
  doc: 'Topic 0 is the most frequent one, topic k is chosen 1 / (k + 1) ^ EXPONENT times as often. Needs {topics}.',
})

const message = option({
  flags: '-m, --message TEXT',
  group: 'Load',
  parse: parseMessage,
  missing: 'no message specified',
  help: 'Send this text instead of random bytes.',
  doc: `As it is, unless {template} is given. With pubsub and rr it stands behind 40 bytes which say who sent it, as which
    message, and when; with pub it is the whole payload.`,
})

const file = option({
  flags: '-f, --file FILE',
  group: 'Load',
  parse: parseName,
  complete: 'file',
  help: 'Send the contents of a file instead.',
  doc: 'Byte for byte, as {message} a text; it is read once, before anything connects.',
})

const template = flag({
  flags: '--template',
  group: 'Load',
  help: 'Fill in %i, %c, %n, %t, %r and %s in the payload.',
  doc: `In {message} or {file}: %i, %c and %n are as in {topic}, %t is the number of the topic of {topics}, %r a whole
    number below a million by {seed}, %s the time in milliseconds since 1970, %% a percent sign.`,
})

const responseTopic = option({
  flags: '--response-topic TOPIC',
  group: 'Load',
  parse: topicName('response'),
  shownDefault: 'mqttx/bench/response/%c',
  help: 'With rr: where a client awaits its responses; %i and %c.',
})

const ramp = option({
  flags: '--ramp TIME',
  group: 'Load',
  parse: parseDuration,
  help: 'Let the rate climb from 0 in so long; it does not count.',
  doc: 'It comes before the {warmup}. Needs {rate} or {ratePerClient}.',
})

const churn = option({
  flags: '--churn COUNT',
  group: 'Load',
  parse: rateRule,
  help: 'Clients a second that disconnect and connect again.',
  doc: `In turn, those that {clients} counts, while the work goes on: a client first waits for its acknowledgements, and
    for its responses with rr; messages whose time comes meanwhile are sent afterwards. With conn the latency is that of
    these connections too, from the time at which it was their turn.`,
})

const startOn = option({
  flags: '--start-on TOPIC',
  group: 'Load',
  parse: topicFilter('subscription'),
  help: 'Begin when a message to this topic comes.',
  doc: `Clients connect before it; that they are ready is said on stderr. A retained message does not count. Many
    processes begin together that way: \`mqttx pub -t go -n\` starts them all.`,
})

const servers = option({
  flags: '--servers LIST',
  group: 'Load',
  parse: parseServers,
  help: 'Deal the clients out to these: HOST[:PORT],HOST[:PORT]...',
  doc: `For a cluster: client k goes to server k modulo their number. Without a port it is that of {port}. Takes the place
    of {host}, {url} and {unix}; all other options of the connection are for each of them.`,
})

const ifaddr = option({
  flags: '--ifaddr LIST',
  group: 'Load',
  parse: parseAddresses,
  help: 'Local addresses to connect from: 127.0.0.2,127.0.0.3.',
  doc: `They take turns. One address has some 28,000 ports for its connections to a server, so that many clients need more
    of them. A range is written 127.0.0.2-127.0.0.9.`,
})

export const loadOptions = {
  ...{ topics, zipf, message, file, template, responseTopic },
  ...{ ramp, churn, startOn, servers, ifaddr },
}
