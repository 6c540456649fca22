import { formatProblems } from '@gatehouse/configuration'
import { Command } from 'commander'
import { explainForAdmin } from '../admin-explain.ts'
import { closeLog } from '../close-log.ts'
import { followConfig } from '../config-changes.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { toldToEnd } from '../told-to-end.ts'

export function adminCommand(): Command {
  return new Command('admin')
    .description('run the admin service: the approval queue, its page and its API')
    .requiredOption('--config <file>', 'its configuration (docs/admin.md)')
    .option('--print-config', 'print the resolved configuration with secrets hidden, and end')
    .option('--check-config', 'say everything that is wrong with it, and end: with 0 when nothing is')
    .action(run)
}

interface AdminWish {
  readonly config: string
  readonly printConfig?: true
  readonly checkConfig?: true
}

async function run({ config: file, printConfig, checkConfig }: AdminWish): Promise<void> {
  // Only here: the other commands need not wait for a web server to be loaded.
  const { checkAdminConfig, describeAdminConfig, loadAdminConfig, openAdminLog, pageFolder, startAdmin } =
    await import('@gatehouse/admin')
  // What is printed need not be able to start here.
  const loading =
    printConfig === true
      ? loadAdminConfig(file, process.env)
      : await checkAdminConfig(file, process.env, { listening: checkConfig !== true })
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems), ExitStatus.No)
  const { config } = loading
  if (printConfig === true) {
    process.stdout.write(describeAdminConfig(config))
    return
  }
  if (checkConfig === true) {
    process.stdout.write(`${file} is valid.\n`)
    return
  }
  const page = config.login === null ? null : await pageFolder()
  const told = toldToEnd()
  const serviceLog = await openAdminLog(config)
  const { log, lines } = serviceLog
  const admin = await startAdmin(config, log, { explain: explainForAdmin, page, logLines: lines }).catch(
    async (error: unknown) => {
      await closeLog(serviceLog)
      throw error
    },
  )
  const stopFollowing = followConfig({
    file,
    load: () => checkAdminConfig(file, process.env, { listening: false }),
    log,
    take: (changed) => {
      if (changed !== null) admin.reload(changed)
      admin.reloadCertificates()
      return Promise.resolve()
    },
  })
  await told.once
  stopFollowing()
  await admin.close()
  await closeLog(serviceLog)
}
