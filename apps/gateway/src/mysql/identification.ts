import type { ChangeUser, HandshakeResponse41 } from '@gatehouse/mysql-wire'

/** What a client says of itself when it logs in, be it at the start or by COM_CHANGE_USER. */
export type Identification = HandshakeResponse41 | ChangeUser
