import { createApp, watchEffect } from 'vue'
import 'element-plus/dist/index.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { usesDark } from '@shared/theme'
import { i18n } from '@shared/words'
import App from './App.vue'
import { router } from './routes'
import './style.css'

watchEffect(() => document.documentElement.classList.toggle('dark', usesDark.value))

createApp(App).use(i18n).use(router).mount('#app')
