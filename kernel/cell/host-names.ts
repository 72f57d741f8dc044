// The names through which compiled code reaches the process that runs it.

/** The object through which a cell's code reaches the kernel; a name that no person would choose. */
export const HOST = '$asterism'
/** The error that loops throw while an interrupt is under way, else undefined. */
export const STOP = '$asterismStop'
/** Throws when the cell whose code is running was interrupted. For loops that wait: they go on after the interrupt. */
export const TURN = '$asterismTurn'
