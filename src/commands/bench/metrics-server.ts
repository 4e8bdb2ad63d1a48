// --prometheus: serves the metrics of the run over HTTP, as long as it lasts.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../../cli/options/bench-values.js'
import { ExitCode, MqttxError } from '../../errors.js'
import { strerror } from '../../io/system-error.js'
import { zoneHint } from '../../io/zone.js'
import { contentType } from './metrics.js'

export interface MetricsServer {
  readonly url: string
  close(): void
}

/** A scraper needs one. */
const mostConnections = 32
/** From its first byte to its last a request has 5 seconds, as a connection has without one. */
const limits = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 }

/**
 * `GET /metrics` answers with what `text` gives.
 * @throws MqttxError where the port cannot be had
 */
export async function serveMetrics(
  { host, port }: ListenAddress,
  text: () => string,
): Promise<MetricsServer> {
  const server = createServer(limits, ({ method, url = '' }, response) => {
    const path = url.split('?')[0]
    if (path !== '/metrics') return answer(response, 404, 'Metrics are at /metrics.\n')
    if (method !== 'GET' && method !== 'HEAD') return answer(response, 405, 'Use GET.\n')
    response.setHeader('Content-Type', contentType)
    response.end(text())
  })
  server.maxConnections = mostConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(host, port, error)))
    server.listen(port, host, resolve)
  })
  server.unref()
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(text)
}

const reasons: Record<string, [reason: string, hint: string]> = {
  EADDRINUSE: ['the port is in use', 'choose another one, or :0 for a free one'],
  EACCES: ['permission denied', 'ports below 1024 are for root'],
  EADDRNOTAVAIL: ['this machine does not have that address', ':9090 is 127.0.0.1:9090'],
  ENOTFOUND: ['the name is not known', ':9090 is 127.0.0.1:9090'],
}

function refusal(host: string, port: number, cause: NodeJS.ErrnoException): MqttxError {
  const known = reasons[cause.code ?? ''] ?? [strerror(cause), undefined]
  const [reason, hint] = [known[0], zoneHint(host) ?? known[1]]
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new MqttxError(`--prometheus: cannot listen on ${place}: ${reason}.`, {
    ...{ hint, cause, exitCode: ExitCode.system },
  })
}
