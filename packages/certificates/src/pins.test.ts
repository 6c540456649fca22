import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { isPinned, readPin } from './pins.ts'

const certificate = new X509Certificate(`-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIUJHT/ynqvkselRHyUsRwtLWoql0swCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKZGIuZXhhbXBsZTAgFw0yNjExMjYxMDQwNDBaGA8yMTI2MTEw
MjEwNDA0MFowFTETMBEGA1UEAwwKZGIuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABK9q1QZWG0eONJH2/j+h/vbnDW7VG+CWf8+qj/TS3VYetNdirwCo
b/K91Wuj3WqKnIzPeCrbfIB2CLfFYnhOGnmjUzBRMB0GA1UdDgQWBBTlEp3zOfIH
HCiZCsoEapkt3NYf+zAfBgNVHSMEGDAWgBTlEp3zOfIHHCiZCsoEapkt3NYf+zAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD5ZpVH6LfUZ9kWCNyu
YkueiFHlqwRQzfvpywOsrfPNTQIhAMXWQihyN85Zj7lhnNYfDUIqTeZmCBVP3c+x
2d76ycee
-----END CERTIFICATE-----
`)

// As OpenSSL says them: `x509 -fingerprint -sha256`, and `x509 -pubkey | pkey -pubin -outform der | dgst -sha256`.
const OF_CERTIFICATE = '9B:01:77:E5:9A:A1:CD:EF:70:88:6F:65:B4:F5:28:C3:45:89:FE:3E:82:C3:82:85:A7:7C:44:63:98:02:2C:F1'
const OF_KEY = 'p/bLpO40ADaQH2Cde/s22DRl3qDfxqpEBjkjn1nAMSo='

test('a pin is of the certificate or of its key, in any usual form', () => {
  const forms = [
    OF_CERTIFICATE,
    OF_CERTIFICATE.replaceAll(':', '').toLowerCase(),
    OF_KEY,
    Buffer.from(OF_KEY, 'base64').toString('hex'),
    `sha256//${OF_KEY}`,
  ]
  for (const form of forms) expect(isPinned(certificate, [readPin(form) ?? 'none']), form).toBe(true)
  expect(isPinned(certificate, ['0'.repeat(64)])).toBe(false)
  expect(isPinned(certificate, ['0'.repeat(64), readPin(OF_KEY) ?? 'none'])).toBe(true)
  expect(isPinned(certificate, [])).toBe(false)
})

test.each(['', 'abc', '0'.repeat(63), '0'.repeat(65), 'g'.repeat(64), 'sha256//AAAA', certificate.fingerprint])(
  'what is no SHA-256 is no pin: %s',
  (text) => {
    expect(readPin(text)).toBeNull()
  },
)
