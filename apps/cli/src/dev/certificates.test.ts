import { X509Certificate } from 'node:crypto'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { makeAuthority, openAuthority } from './certificates.ts'

const authority = makeAuthority('a test authority')

test('a server certificate names its hosts and addresses, and its authority vouches for it', () => {
  const server = new X509Certificate(authority.forServer(['localhost', '127.0.0.1', '::1', '2001:db8::5']).certificate)
  const root = new X509Certificate(authority.certificate)
  expect(root.ca).toBe(true)
  expect(server.ca).toBe(false)
  expect(server.checkIssued(root)).toBe(true)
  expect(server.verify(root.publicKey)).toBe(true)
  for (const address of ['127.0.0.1', '::1', '2001:db8::5']) expect(server.checkIP(address)).toBe(address)
  expect(server.checkHost('localhost')).toBe('localhost')
  expect(server.checkHost('example.com')).toBeUndefined()
  expect(server.checkIP('127.0.0.2')).toBeUndefined()
})

test('an authority that was kept signs as before', () => {
  const opened = openAuthority({ certificate: authority.certificate, key: authority.key })
  const certificate = new X509Certificate(opened.forServer(['db.test']).certificate)
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
  expect(certificate.issuer).toBe('CN=a test authority')
})

test('TLS with verified server and client certificates works, and a stranger authority is refused', async () => {
  const client = authority.forClient('alice')
  const { certificate: cert, key } = authority.forServer(['localhost'])
  const server = createServer({ cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true })
  const seen = new Promise<string | string[] | undefined>((resolve) => {
    server.on('secureConnection', (socket: TLSSocket) => {
      resolve(socket.getPeerCertificate().subject.CN)
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const dial = (ca: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca,
        cert: client.certificate,
        key: client.key,
      })
      socket.once('secureConnect', () => {
        resolve('trusted')
        socket.resume()
      })
      socket.once('error', (error) => {
        resolve(error.message)
      })
    })
  try {
    expect(await dial(authority.certificate)).toBe('trusted')
    expect(await seen).toBe('alice')
    expect(await dial(makeAuthority('a test authority').certificate)).not.toBe('trusted')
  } finally {
    server.close()
  }
})

test('a certificate that has run out says so', () => {
  const old = authority.forServer(['localhost'], {
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2051-02-03T04:05:06Z'),
  })
  expect(new X509Certificate(old.certificate).validToDate.toISOString()).toBe('2051-02-03T04:05:06.000Z')
})
