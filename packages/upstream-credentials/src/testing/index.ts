export { leaseRequest } from './lease-request.ts'
export { loopbackOnly, type Strays } from './loopback-only.ts'
export { type Answer, type Asked, endless, json, LoopbackService } from './loopback-service.ts'
export { isRdsToken, isSigned } from './signature-v4.ts'
