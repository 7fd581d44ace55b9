import {expect, test} from 'vitest';
import {modelFiles} from '../../../../src/engine/gguf/model-files.ts';
import {chooseQuantisation} from '../../../../src/engine/models/memory/choose-file.ts';

const GB = 1e9;
// Sizes of a 7B model.
const sevenB = modelFiles([
  {name: 'm-BF16.gguf', bytes: 14.5 * GB},
  {name: 'm-Q8_0.gguf', bytes: 7.7 * GB},
  {name: 'm-Q6_K.gguf', bytes: 5.95 * GB},
  {name: 'm-Q5_K_M.gguf', bytes: 5.14 * GB},
  {name: 'm-Q4_K_M.gguf', bytes: 4.37 * GB},
  {name: 'm-Q3_K_S.gguf', bytes: 3.2 * GB},
]);
const machine = (ram: number, vram = 0) => ({
  ramBytes: ram * GB,
  freeRamBytes: ram * GB,
  vramBytes: vram * GB,
  cores: 8,
});
const quant = (ram: number, vram = 0, files = sevenB) =>
  chooseQuantisation(files, 1.3 * GB, machine(ram, vram)).file.quant;

test('a GPU gets the largest that fits it whole, never full precision beside a quantised one', () => {
  expect(quant(32, 24)).toBe('Q8_0');
  expect(quant(32, 80)).toBe('Q8_0');
  expect(quant(32, 8)).toBe('Q6_K');
  expect(quant(32, 6)).toBe('Q4_K_M');
});

test('a CPU gets a fast one, Q8_0 only where it is a small part of the memory', () => {
  expect(quant(16)).toBe('Q4_K_M');
  expect(quant(24)).toBe('Q4_K_M');
  expect(quant(64)).toBe('Q8_0');
});

test('without a favourite the largest that fits is taken', () => {
  const odd = sevenB.filter((file) => ['Q6_K', 'Q3_K_S'].includes(file.quant ?? ''));
  expect(quant(16, 0, odd)).toBe('Q6_K');
  expect(quant(7, 0, odd)).toBe('Q3_K_S');
});

test('when nothing fits it is the smallest, with a warning', () => {
  const choice = chooseQuantisation(sevenB, 1.3 * GB, machine(4));
  expect(choice.file.quant).toBe('Q3_K_S');
  expect(choice.why).toBe('the smallest, though more than the memory of 4.00 GB holds');
});

test('full precision is taken when there is nothing else', () => {
  expect(quant(64, 0, sevenB.slice(0, 1))).toBe('BF16');
});
