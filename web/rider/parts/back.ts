// The way back of pages that are no tab.
import { useRouter } from 'vue-router'

/** Give what goes back to the page before; to the first one for whoever came in from outside. */
export function useBack(): () => void {
  const router = useRouter()
  return () => {
    if (window.history.state?.back) router.back()
    else void router.replace('/')
  }
}
