// The notebook API for typed scripts and cells that import it: 'asterism/kernel'.
export * from './user/notebook-api.ts'
