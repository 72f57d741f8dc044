// Imports modules one after the other and tells its parent what came of each. A process of its own for what examples do:
// they may print, change globals, or end it.
for (const file of process.argv.slice(2)) {
  try {
    await import(file)
    process.send?.({ file, error: null })
  } catch (error) {
    process.send?.({ file, error: String(error) })
  }
}
process.disconnect?.()
