import { words } from '@shared/words'

export const WORDS = words(
  {
    proof: '请再次验证身份',
    proofWhy: '此操作涉及权限或个人信息，需要确认是您本人。验证后 10 分钟内不再询问。',
    password: '密码',
    code: '验证码',
    codeHint: '验证器上的 6 位数字，或一个恢复码。每个只能用一次。',
    cancel: '取消',
    confirm: '验证并继续',
  },
  {
    proof: 'Prove again who you are',
    proofWhy:
      'This touches rights or personal data, so we make sure it is you. You are not asked again for 10 minutes.',
    password: 'Password',
    code: 'Code',
    codeHint: 'Six digits of your authenticator, or a recovery code. Each works once.',
    cancel: 'Cancel',
    confirm: 'Confirm and go on',
  },
)
