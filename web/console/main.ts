import { createApp } from 'vue'
import 'element-plus/dist/index.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { i18n } from '@shared/words'
import App from './App.vue'
import { router } from './routes'
import './style.css'

createApp(App).use(i18n).use(router).mount('#app')
