/** The few names of the WebAssembly JavaScript API used here: TypeScript declares them in its `dom` library alone. */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>
  class Module {
    static customSections(module: Module, name: string): ArrayBuffer[]
    constructor(bytes: Uint8Array)
  }
  class Instance {
    readonly exports: Record<string, unknown>
    constructor(module: Module, imports: Imports)
  }
  class Memory {
    readonly buffer: ArrayBuffer
  }
}
