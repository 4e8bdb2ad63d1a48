// --prometheus: serves the metrics over HTTP during the run.
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

const maxConnections = 32
/** Time limits in milliseconds: for a complete request, and for a connection without one. */
const limits = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 }

/**
 * `GET /metrics` returns `text()`.
 * @throws MqttxError 14 if the address cannot be bound
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
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(host, port, error)))
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
  EADDRINUSE: ['the port is in use', 'choose another port, or :0 for any free port'],
  EACCES: ['permission denied', 'ports below 1024 require root'],
  EADDRNOTAVAIL: ['not an address of this machine', ':9090 is 127.0.0.1:9090'],
  ENOTFOUND: ['unknown host name', ':9090 is 127.0.0.1:9090'],
}

function listenError(host: string, port: number, cause: NodeJS.ErrnoException): MqttxError {
  const known = reasons[cause.code ?? ''] ?? [strerror(cause), undefined]
  const [reason, hint] = [known[0], zoneHint(host) ?? known[1]]
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new MqttxError(`--prometheus: cannot listen on ${place}: ${reason}.`, {
    ...{ hint, cause, exitCode: ExitCode.system },
  })
}
