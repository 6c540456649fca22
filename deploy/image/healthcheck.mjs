// Is the service of this container ready? GATEHOUSE_HEALTH_URL says where it answers: the `monitoring.address` of a gateway, the address of an admin
// service, with the path. Ends with 0 or 1, within 3 seconds. Plain JavaScript with Node's own modules only: it runs often.
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

const url = new URL(process.env['GATEHOUSE_HEALTH_URL'] ?? 'http://127.0.0.1:19464/healthz')
// To itself, by an address that its certificate need not name.
const options = { timeout: 3000, rejectUnauthorized: false }
const request = (url.protocol === 'https:' ? getHttps : getHttp)(url, options, (response) => {
  response.resume()
  process.exitCode = response.statusCode === 200 ? 0 : 1
})
request.on('timeout', () => request.destroy(new Error('no answer within 3 seconds')))
request.on('error', (error) => {
  process.stderr.write(`${url.href}: ${error.message}\n`)
  process.exitCode = 1
})
