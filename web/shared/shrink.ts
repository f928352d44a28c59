// Makes a photo smaller before it is sent. Only its pixels go: place, time and maker, which the camera wrote, do not.

const LONGEST_SIDE = 2048
const QUALITY = 0.82

/** Draw a photo anew as a JPEG; throws when this browser cannot decode it. */
export async function shrink(photo: Blob): Promise<Blob> {
  const picture = await createImageBitmap(photo) // turned upright as the camera noted
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)]
  try {
    return await encode(picture, width, height)
  } finally {
    picture.close()
  }
}

async function encode(picture: ImageBitmap, width: number, height: number): Promise<Blob> {
  if (typeof OffscreenCanvas !== 'undefined') {
    const canvas = new OffscreenCanvas(width, height)
    draw(canvas.getContext('2d')!, picture, width, height)
    return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY })
  }
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  draw(canvas.getContext('2d')!, picture, width, height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  if (!blob) throw new Error('the canvas gave no picture')
  return blob
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

function draw(context: Context, picture: ImageBitmap, width: number, height: number): void {
  context.fillStyle = '#fff' // what shines through in a PNG
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, 0, 0, width, height)
}
