// Who the stories are about.
export const names: readonly string[] = ['Mia', 'Tom', 'Ana', 'Leo', 'Sam', 'Eva', 'Max', 'Zoe', 'Ben', 'Kim']
