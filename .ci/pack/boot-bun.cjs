// The first script of the executables on Bun. Bun.main is its place in the executable.
'use strict'

require(`${Bun.main.replace(/[^\\/]*$/, '')}dist/main.cjs`).start()
