/** Debian packages unpacked into a private folder, as `gatehouse dev` fetches a MySQL. */
export { fetchDebianPackages, NO_SANDBOX, putInPlace, systemSource } from './local-tools.ts'
export type { UnpackedPackages, WantedPackages } from './local-tools.ts'
