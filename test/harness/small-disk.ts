import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of one megabyte, which can be filled. */
export class SmallDisk {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** Null where mounting is not permitted. */
  static mount(): SmallDisk | null {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' })
      return new SmallDisk(directory)
    } catch {
      rmSync(directory, { recursive: true, force: true })
      return null
    }
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.directory)
    // A little is left, so that it is a statement that hits the end.
    writeFileSync(join(this.directory, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - 32_768)))
  }

  release(): void {
    rmSync(join(this.directory, 'filler'), { force: true })
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.directory], { stdio: 'ignore' })
    rmSync(this.directory, { recursive: true, force: true })
  }
}
