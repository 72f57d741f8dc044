// Whether user code is being debugged: the one thing that the running of cells asks of the debugger. Off, code stays
// as it is. On, each script carries a source map's name, at which V8 stops before it runs, so that breakpoints are set in
// time (debug/scripts.ts).

/** Written by user/debug-host.ts only. */
export const debugging = { on: false }

/** V8 stops before scripts that name a source map; this one's is asked for through user/debug-host.ts. */
export const marked = (code: string): string =>
  debugging.on ? `${code}\n//# sourceMappingURL=asterism:positions` : code
