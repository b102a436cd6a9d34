// Tidies and checks as the number of a person does.
import { watch } from './national-id-input.js';

export default function companyIdInput(root) {
  watch(root, 'company-id');
}
