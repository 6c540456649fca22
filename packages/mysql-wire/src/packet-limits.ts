/** Bytes of a packet's header: int<3> payload_length, int<1> sequence_id. */
export const PACKET_HEADER_BYTES = 4

/** The longest payload of one packet, 16 MiB - 1. A packet of this length is continued in the next one. */
export const LARGEST_PACKET = 0xff_ffff

/** The server's own largest max_allowed_packet, 1 GiB: no payload, its parts joined, is longer. */
export const LARGEST_PAYLOAD = 0x4000_0000

/**
 * The most that a peer may send in one packet of the connection phase, bytes. The longest is an OpenID Connect token:
 * the client plugin's own limit is 10,240 bytes; tokens of 64 KiB with room for the other fields are taken here.
 */
export const CONNECTION_PHASE_LIMIT = 131_072
