import { defineConfig, mergeConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { build } from '../vite.shared'

export default defineConfig(
  mergeConfig(build('rider'), {
    plugins: [
      VitePWA({
        strategies: 'injectManifest',
        srcDir: '.',
        filename: 'sw.ts',
        registerType: 'prompt', // a new version waits until nothing is half written
        injectRegister: false, // no script within the page
        injectManifest: {
          globPatterns: ['**/*.{js,mjs,css,html,svg,png,woff2}'],
          maximumFileSizeToCacheInBytes: 4_000_000,
        },
        manifest: {
          id: '/rider/',
          name: '骑士驿站',
          short_name: '骑士驿站',
          description: '找驿站，随手报',
          lang: 'zh-CN',
          dir: 'ltr',
          start_url: '/rider/',
          scope: '/rider/',
          display: 'standalone',
          orientation: 'portrait',
          background_color: '#ffffff',
          theme_color: '#0a6b53',
          icons: [
            { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
            { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
            { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          ],
        },
      }),
    ],
  }),
)
