import { defineConfig } from 'vite'
import { build } from '../vite.shared'

export default defineConfig(build('console'))
