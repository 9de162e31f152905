import type { Job } from './job.svelte';
import type { KeptJob } from './kept';
import { KEPT_AS, type Stage } from './stages';

/** What is sent: the original, then the clip, if this browser has made one. */
export function parcelOf(
  job: Job,
  frames: Blob | undefined,
  sha256: string,
): { body: Blob; metadata: Record<string, string> } {
  const metadata = {
    filename: job.name,
    filetype: job.file.type,
    fit: job.fit,
    quality: job.quality,
    ...(frames === undefined ? {} : { frames: String(frames.size) }),
    ...(sha256 === '' ? {} : { sha256 }),
  };
  return { body: new Blob(frames ? [job.file, frames] : [job.file]), metadata };
}

/** What is kept of a job, to go on with it on another day. */
export function recordOf(
  job: Job,
  stage: Exclude<Stage, 'done'>,
  owner: string,
  uploadId: string | undefined,
  sha256: string,
): KeptJob {
  const { name, type, lastModified } = job.file;
  return {
    id: job.id,
    owner,
    at: job.at,
    name,
    type,
    modified: lastModified,
    fit: job.fit,
    quality: job.quality,
    edit: job.isEdited ? job.edit : undefined,
    paused: job.paused,
    stage: KEPT_AS[stage],
    uploadId,
    sha256,
    refusal: job.refusal,
    failure: job.failure,
  };
}
