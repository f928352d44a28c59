// A case as the service gives it, kept as it is there: loaded again whenever it says that something happened.
import { computed, onMounted, ref, shallowRef } from 'vue'
import { api, data, Problem, type Schemas } from '@shared/api'
import { categories, departments } from '../../shared/lists'
import { useLiveCases } from '../../shared/live'

export type Detail = Schemas['CaseDetail']
export type Case = Schemas['Case']
export type Step = Schemas['Step']
export type Offer = Schemas['community__detail__Offer']
export type Verb = Schemas['Verb']
export type FieldName = Schemas['Field']
export type ActBody = Partial<Schemas['ActBody']>

export interface Reference {
  categories: Schemas['Category'][]
  departments: Schemas['Department'][]
}

/** Give what cases refer to by code or number. */
export async function reference(): Promise<Reference> {
  const [kinds, offices] = await Promise.all([categories(), departments()])
  return { categories: kinds, departments: offices }
}

/** Hold one case. `stamp` grows with each loading, for the parts beside that load their own. */
export function useCase(id: number) {
  const detail = shallowRef<Detail | null>(null)
  const known = shallowRef<Reference>({ categories: [], departments: [] })
  const problem = ref<Problem | null>(null)
  const stamp = ref(0)
  let isLoading: Promise<void> | null = null

  async function loadOnce(): Promise<void> {
    try {
      const [found, refers] = await Promise.all([
        data(api.GET('/api/v1/cases/{case_id}', { params: { path: { case_id: id } } })),
        reference(),
      ])
      detail.value = found
      known.value = refers
      problem.value = null
      stamp.value++
    } catch (raised) {
      problem.value = raised as Problem
    }
  }

  /** Load the case; what is asked for meanwhile waits and is loaded after, so that nothing is missed. */
  async function load(): Promise<void> {
    await isLoading
    isLoading ??= loadOnce().finally(() => (isLoading = null))
    await isLoading
  }

  onMounted(load)
  useLiveCases(
    (news) => news.case_id === id && void load(),
    () => void load(),
  )
  return {
    detail,
    problem,
    stamp,
    load,
    /** The case was seen and is seen no more: it was handed over to others. */
    hasLeft: computed(() => problem.value?.status === 404 && detail.value !== null),
    category: computed(() => known.value.categories.find(({ code }) => code === detail.value?.case.category_code)),
    departments: computed(() => known.value.departments),
    categories: computed(() => known.value.categories),
  }
}

/** Do a verb to a case. Raises `Problem`. */
export function act(caseId: number, verb: Verb, body: ActBody): Promise<Case> {
  return data(
    api.POST('/api/v1/cases/{case_id}/{verb}', {
      params: { path: { case_id: caseId, verb } },
      body: body as Schemas['ActBody'],
    }),
  )
}
