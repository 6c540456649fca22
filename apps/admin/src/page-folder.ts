/** The folder of the built page, which is built now where it was not before. Rejects when it cannot be built. */
export async function pageFolder(): Promise<string> {
  // Only a service that shows the page loads what builds it.
  const page = await import('@gatehouse/admin-page/build')
  return await page.pageFolder()
}
