import { ColumnFlag, ColumnType, type ColumnDefinition } from '@gatehouse/mysql-wire'
import { shownBytes } from './replay-event.ts'

const two = (value: number): string => String(value).padStart(2, '0')

/** A cell of a binary row as people read it; what is not well known is shown as text, or as hexadecimal digits behind `\x`. Manual: "Binary Protocol Value". */
export function mysqlBinaryValue(cell: Buffer, { type, flags }: ColumnDefinition): string {
  const unsigned = (flags & ColumnFlag.UNSIGNED) !== 0
  switch (type) {
    case ColumnType.TINY:
      return String(unsigned ? cell.readUInt8() : cell.readInt8())
    case ColumnType.SHORT:
    case ColumnType.YEAR:
      return String(unsigned ? cell.readUInt16LE() : cell.readInt16LE())
    case ColumnType.LONG:
    case ColumnType.INT24:
      return String(unsigned ? cell.readUInt32LE() : cell.readInt32LE())
    case ColumnType.LONGLONG:
      return String(unsigned ? cell.readBigUInt64LE() : cell.readBigInt64LE())
    case ColumnType.FLOAT:
      return String(cell.readFloatLE())
    case ColumnType.DOUBLE:
      return String(cell.readDoubleLE())
    case ColumnType.DATE:
    case ColumnType.DATETIME:
    case ColumnType.TIMESTAMP:
      return moment(cell, type === ColumnType.DATE)
    case ColumnType.TIME:
      return time(cell)
    default:
      return shownBytes(cell)
  }
}

function moment(cell: Buffer, dateOnly: boolean): string {
  if (cell.length === 0) return dateOnly ? '0000-00-00' : '0000-00-00 00:00:00'
  const date = `${String(cell.readUInt16LE()).padStart(4, '0')}-${two(cell.readUInt8(2))}-${two(cell.readUInt8(3))}`
  if (dateOnly) return date
  const clock =
    cell.length < 7 ? '00:00:00' : `${two(cell.readUInt8(4))}:${two(cell.readUInt8(5))}:${two(cell.readUInt8(6))}`
  return `${date} ${clock}${cell.length < 11 ? '' : `.${String(cell.readUInt32LE(7)).padStart(6, '0')}`}`
}

function time(cell: Buffer): string {
  if (cell.length === 0) return '00:00:00'
  const hours = cell.readUInt32LE(1) * 24 + cell.readUInt8(5)
  const fraction = cell.length < 12 ? '' : `.${String(cell.readUInt32LE(8)).padStart(6, '0')}`
  return `${cell[0] === 1 ? '-' : ''}${two(hours)}:${two(cell.readUInt8(6))}:${two(cell.readUInt8(7))}${fraction}`
}
