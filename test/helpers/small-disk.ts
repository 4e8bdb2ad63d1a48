// A folder on a file system of its own that is soon full.
import { onTestFinished } from 'vitest'
import { scratch, start } from './run.js'

/** A folder with room for so many KiB. Skips the test where file systems cannot be mounted. */
export async function smallDisk(name: string, kib: number, skip: (note: string) => void): Promise<string> {
  const folder = scratch(name)
  const mounted = await start('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder]).ended
  if (mounted.status !== 0) skip(mounted.stderr)
  onTestFinished(async () => void (await start('umount', ['-l', folder]).ended))
  return folder
}
