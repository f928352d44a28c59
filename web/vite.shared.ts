// What both pages are built with. Each is built on its own, into a folder of its own, under an address of its own.
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import type { Plugin, UserConfig } from 'vite'
import { compress } from './compress'

export function build(name: 'rider' | 'console'): UserConfig {
  const folder = resolve(import.meta.dirname, '../app/pages', name)
  return {
    root: resolve(import.meta.dirname, name),
    base: `/${name}/`,
    plugins: [vue(), withoutForeignFont(), compress(folder)],
    resolve: { alias: { '@shared': resolve(import.meta.dirname, 'shared') } },
    define: {
      __VUE_OPTIONS_API__: 'true', // Vant and Element Plus need it
      __VUE_PROD_DEVTOOLS__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
    },
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0, // nothing inline: the content security policy allows files of ours alone
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1200, // MapLibre is one piece
    },
    worker: { format: 'es' },
  }
}

/** Vant's icons stand in its style sheet; for browsers that cannot read them so it names a host of others, which we ask nothing. */
function withoutForeignFont(): Plugin {
  return {
    name: 'without-foreign-font',
    enforce: 'pre',
    transform: (code, id) =>
      id.includes('/vant/') && id.endsWith('.css')
        ? code.replace(/,url\(\/\/at\.alicdn\.com[^)]*\) format\("woff"\)/, '')
        : null,
  }
}
