export { startAdmin } from './admin.ts'
export { openAdminLog } from './admin-log.ts'
export type { Admin, AdminOptions } from './admin.ts'
export {
  adminJsonSchema,
  checkAdminConfig,
  describeAdminConfig,
  loadAdminConfig,
  parseAdminConfig,
} from './config/index.ts'
export type { AdminConfig, LoginConfig, Role, RoleMembers } from './config/admin-config.ts'
export type { Explain } from './ports.ts'
export { pageFolder } from './page-folder.ts'
