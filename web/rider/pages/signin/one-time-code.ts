// Reading the code out of the message where the phone offers that (WebOTP); elsewhere the keyboard offers it.
interface CodeCredential extends Credential {
  code: string
}

/** Wait for a message with a code for this page; null where phones cannot, or when it is given up. */
export async function readCode(signal: AbortSignal): Promise<string | null> {
  if (!('OTPCredential' in window)) return null
  const asked = { otp: { transport: ['sms'] }, signal } as CredentialRequestOptions
  const given = (await navigator.credentials.get(asked).catch(() => null)) as CodeCredential | null
  return given?.code ?? null
}
