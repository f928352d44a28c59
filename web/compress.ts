// Packs every text file of a build once, so that the service need not pack it for each phone.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

export function compress(folder: string): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    closeBundle: {
      order: 'post',
      sequential: true, // after the service worker was written
      handler() {
        for (const file of readdirSync(folder, { recursive: true }) as string[]) {
          if (!/\.(js|mjs|css|html|svg|webmanifest)$/.test(file)) continue
          const place = join(folder, file)
          const content = readFileSync(place)
          writeFileSync(`${place}.gz`, gzipSync(content, { level: 9 }))
          writeFileSync(`${place}.br`, brotliCompressSync(content))
        }
      },
    },
  }
}
