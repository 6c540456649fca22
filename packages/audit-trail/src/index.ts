export type { ChainHead } from './chain-walk.ts'
export { CheckpointPublisher, fileSink, webhookSink } from './checkpoint-publisher.ts'
export type { CheckpointSink } from './checkpoint-publisher.ts'
export { postJson } from './post-json.ts'
export { replaceByLine } from './replace-by-line.ts'
export { searchTrail } from './search.ts'
export type { RecordFilter } from './search.ts'
export { readTrailId, trailIdOf } from './trail-id.ts'
export { segmentName } from './segment-names.ts'
export { TrailWriter } from './trail-writer.ts'
export type { TrailOptions } from './trail-options.ts'
export { parseCheckpoint } from './checkpoint.ts'
export type { FoundCheckpoint } from './checkpoint.ts'
export { makeKeyPair, readSigningKey, readVerifyingKeys } from './signing-key.ts'
export type { KeyPair, SigningKey, VerifyingKeys } from './signing-key.ts'
export { verifyTrail } from './verify.ts'
export type { TrailBreak, TrailStart, VerifyOptions, VerifyReport } from './verify.ts'
export { RecordingFiles, verifyRecordings } from './recording-chunks.ts'
export type { RecordingsReport } from './recording-chunks.ts'
export { chunkOf } from './recorded-chunk.ts'
export { readEntries } from './recording-entries.ts'
export type { RecordedEntry } from './recording-entries.ts'
export { Recorder } from './recorder.ts'
export type { RecorderOptions } from './recorder.ts'
export { SessionRecording } from './session-recording.ts'
export type { RecordingCaps } from './session-recording.ts'
export { DirectoryIndex, MAX_PAGE_RECORDS } from './search/directory-index.ts'
export { TrailMissing } from './search/trail-files.ts'
export { ShippingAlarm } from './shipping/destination.ts'
export type { RecordDestination, SegmentDestination, ShippedRecord, TrailIdentity } from './shipping/destination.ts'
export { Shipping } from './shipping/shipping.ts'
export type { ShippingLog, ShippingOptions } from './shipping/shipping.ts'
export type { ShippingPlaces } from './shipping/shipping-places.ts'
export type { DestinationState, ShippedThrough, ShippingState } from './shipping/shipping-state.ts'
export { BadCursor, FACETS, STATEMENT_OUTCOMES } from './search/trail-index.ts'
export type {
  Counted,
  CountedShape,
  Facet,
  FoundRecord,
  PageWish,
  StatementOutcome,
  TimeBucket,
  TrailIndex,
  TrailPage,
  TrailQuery,
  TrailSummary,
} from './search/trail-index.ts'
export { eventText } from './siem/event-text.ts'
export { ocsfEvent } from './siem/ocsf-event.ts'
export type { OcsfEvent, OcsfMetadata } from './siem/ocsf-frame.ts'
export { SyslogDestination } from './siem/syslog-destination.ts'
export type { SyslogOptions } from './siem/syslog-destination.ts'
export { WebhookDestination } from './siem/webhook-destination.ts'
export type { WebhookOptions } from './siem/webhook-destination.ts'
export type { HeldNames } from './retention/held-names.ts'
export { Retention } from './retention/retention.ts'
export type { RetentionAges, RetentionOptions, RetentionReport } from './retention/retention.ts'
