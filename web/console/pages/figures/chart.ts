// ECharts with what we use of it, in our colours. Hints are drawn on the canvas: as HTML they would need inline styles,
// which the content security policy of pages forbids.
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue'
import { HeatmapChart, LineChart, BarChart } from 'echarts/charts'
import {
  CalendarComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components'
import { init, use, type EChartsCoreOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { usesDark } from '@shared/theme'

use([
  LineChart,
  BarChart,
  HeatmapChart,
  CalendarComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
])

/** Read a colour of the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

/** Draw what `options` gives in `holder`, again whenever it changes, and in the colours of the moment. */
export function useChart(holder: Ref<HTMLElement | null>, options: () => EChartsCoreOption) {
  const chart = shallowRef<EChartsType | null>(null)
  const draw = () =>
    chart.value?.setOption(
      {
        textStyle: { fontFamily: colour('font'), color: colour('ink-2') },
        animation: false,
        ...options(),
      },
      { notMerge: true },
    )
  const resizing = new ResizeObserver(() => chart.value?.resize())
  onMounted(() => {
    chart.value = init(holder.value!, null, { renderer: 'canvas' })
    resizing.observe(holder.value!)
    draw()
  })
  onBeforeUnmount(() => {
    resizing.disconnect()
    chart.value?.dispose()
  })
  watch([options, usesDark], draw, { flush: 'post' })

  /** Save the chart as a picture, on the ground it stands on, twice as fine. */
  function savePng(name: string): void {
    const link = document.createElement('a')
    link.href = chart.value!.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: colour('card') })
    link.download = `${name}.png`
    link.click()
  }
  return { savePng }
}

/** What every hint has in common. */
export function tooltip(): object {
  return {
    renderMode: 'richText',
    backgroundColor: colour('card'),
    borderColor: colour('line-2'),
    textStyle: { color: colour('ink') },
  }
}
