import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { developmentCertificate } from './development-certificate.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-certificate-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('the certificate is for this machine, trusted by the file clients are given, and kept', () => {
  const made = developmentCertificate(folder)
  const text = readFileSync(made.certificateFile, 'utf8')
  const certificate = new X509Certificate(text)
  expect(certificate.verify(new X509Certificate(readFileSync(made.caFile)).publicKey)).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(statSync(made.keyFile).mode & 0o777).toBe(0o600)
  expect(readFileSync(developmentCertificate(folder).certificateFile, 'utf8')).toBe(text)
})

test('another name makes a new certificate by the same authority', () => {
  const first = developmentCertificate(folder)
  const ca = readFileSync(first.caFile, 'utf8')
  const second = developmentCertificate(folder, ['localhost', 'dev.internal'])
  const certificate = new X509Certificate(readFileSync(second.certificateFile))
  expect(certificate.checkHost('dev.internal')).toBe('dev.internal')
  expect(readFileSync(second.caFile, 'utf8')).toBe(ca)
})
