export { exporterOptions, resourceOf, type SendingService } from './collector.ts'
export { type ExportAccount, type Exporter, ExportQueue } from './export-queue.ts'
