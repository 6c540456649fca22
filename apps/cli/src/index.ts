export { explainForAdmin } from './admin-explain.ts'
export { TerminalReplay } from './replay-terminal.ts'
