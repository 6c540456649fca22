/** The classes of the OCSF schema that records become events of. https://schema.ocsf.io/1.8.0 */

/** The version of the schema that events are written by. */
export const OCSF_VERSION = '1.8.0'

/** A class, with the activities that are used of it by their names. */
export interface OcsfClass {
  readonly uid: number
  readonly name: string
  readonly category: number
  readonly activities: Readonly<Record<string, number>>
}

/** Of every class: what has no activity of its own, which `activity_name` then names. */
export const OTHER_ACTIVITY = 99

/** Statements, and what became of them. */
export const DATASTORE_ACTIVITY: OcsfClass = {
  uid: 6005,
  name: 'Datastore Activity',
  category: 6,
  activities: { Read: 1, Update: 2, Query: 4, Write: 5, Create: 6, Delete: 7 },
}

/** Sessions, refused logins, people who sign in to the admin service. */
export const AUTHENTICATION: OcsfClass = {
  uid: 3002,
  name: 'Authentication',
  category: 3,
  activities: { Logon: 1, Logoff: 2 },
}

/** Requests for approval, grants, policies, and what else people manage. */
export const ENTITY_MANAGEMENT: OcsfClass = {
  uid: 3004,
  name: 'Entity Management',
  category: 3,
  activities: { Create: 1, Read: 2, Update: 3, Delete: 4, Activate: 10, Deactivate: 11 },
}

/** Alarms. */
export const DETECTION_FINDING: OcsfClass = {
  uid: 2004,
  name: 'Detection Finding',
  category: 2,
  activities: { Create: 1 },
}

/** The trail about itself. */
export const EVENT_LOG_ACTIVITY: OcsfClass = {
  uid: 1008,
  name: 'Event Log Activity',
  category: 1,
  activities: { Delete: 2, Rotate: 5, Start: 6 },
}

/** An event that a collector refused. */
export const APPLICATION_ERROR: OcsfClass = {
  uid: 6008,
  name: 'Application Error',
  category: 6,
  activities: { 'General Error': 1 },
}

/** How bad it is; of each the caption is its name. */
export const SEVERITIES = { Informational: 1, Low: 2, Medium: 3, High: 4 } as const

export type OcsfSeverity = keyof typeof SEVERITIES

/** Whether it went well; what is not known yet is neither. */
export const STATUSES = { Unknown: 0, Success: 1, Failure: 2 } as const

export type OcsfStatus = keyof typeof STATUSES
